//! The operations of S3 that the lab has, as the trait that `s3s` calls. Every other one refuses by name.

use async_trait::async_trait;
use s3s::{S3Request, S3Response, S3Result, dto};

use super::{Store, bucket, copy, list, object, policy, settings, wire};
use crate::gateway::operations::Dispatched;

/// What a pipeline or an infrastructure tool may ask for, and `s3s` refuses for us.
const REFUSED: &[&str] = &[
    "CreateMultipartUpload",
    "GetObjectTagging",
    "PutBucketEncryption",
    "PutBucketLifecycleConfiguration",
    "PutBucketLogging",
    "PutBucketNotificationConfiguration",
    "PutObjectLockConfiguration",
];

/// `CreateBucket` of `CreateBucketInput`.
const fn without_input(name: &'static str) -> &'static str {
    name.split_at(name.len() - "Input".len()).0
}

/// `method(Input) -> Output = function;`: the trait's method is the function, on the call that the request came from; the
/// operation's name is the input's, without its end.
macro_rules! operations {
    ($($method:ident($input:ident) -> $output:ident = $function:path;)*) => {
        /// The operations of the service, as they are dispatched.
        pub(crate) const OPERATIONS: Dispatched =
            Dispatched { supported: &[$(without_input(stringify!($input))),*], refused: REFUSED };

        #[async_trait]
        impl s3s::S3 for Store {
            $(
                async fn $method(&self, request: S3Request<dto::$input>) -> S3Result<S3Response<dto::$output>> {
                    let call = wire::call_of(&request.extensions)?;
                    Ok(S3Response::new($function(self, &call, request.input)?))
                }
            )*
        }
    };
}

operations! {
    create_bucket(CreateBucketInput) -> CreateBucketOutput = bucket::create;
    head_bucket(HeadBucketInput) -> HeadBucketOutput = bucket::head;
    delete_bucket(DeleteBucketInput) -> DeleteBucketOutput = bucket::delete;
    list_buckets(ListBucketsInput) -> ListBucketsOutput = bucket::list;
    get_bucket_location(GetBucketLocationInput) -> GetBucketLocationOutput = settings::location;
    get_bucket_acl(GetBucketAclInput) -> GetBucketAclOutput = settings::acl;
    put_public_access_block(PutPublicAccessBlockInput) -> PutPublicAccessBlockOutput = settings::put_public_access_block;
    get_public_access_block(GetPublicAccessBlockInput) -> GetPublicAccessBlockOutput = settings::get_public_access_block;
    delete_public_access_block(DeletePublicAccessBlockInput) -> DeletePublicAccessBlockOutput
        = settings::delete_public_access_block;
    get_bucket_versioning(GetBucketVersioningInput) -> GetBucketVersioningOutput = settings::get_versioning;
    put_bucket_versioning(PutBucketVersioningInput) -> PutBucketVersioningOutput = settings::put_versioning;
    get_bucket_encryption(GetBucketEncryptionInput) -> GetBucketEncryptionOutput = settings::encryption;
    put_bucket_tagging(PutBucketTaggingInput) -> PutBucketTaggingOutput = settings::put_tags;
    get_bucket_tagging(GetBucketTaggingInput) -> GetBucketTaggingOutput = settings::get_tags;
    delete_bucket_tagging(DeleteBucketTaggingInput) -> DeleteBucketTaggingOutput = settings::delete_tags;
    put_bucket_policy(PutBucketPolicyInput) -> PutBucketPolicyOutput = policy::put;
    get_bucket_policy(GetBucketPolicyInput) -> GetBucketPolicyOutput = policy::get;
    delete_bucket_policy(DeleteBucketPolicyInput) -> DeleteBucketPolicyOutput = policy::delete;
    get_bucket_policy_status(GetBucketPolicyStatusInput) -> GetBucketPolicyStatusOutput = policy::status;
    put_object(PutObjectInput) -> PutObjectOutput = object::put;
    get_object(GetObjectInput) -> GetObjectOutput = object::get;
    head_object(HeadObjectInput) -> HeadObjectOutput = object::head;
    delete_object(DeleteObjectInput) -> DeleteObjectOutput = object::delete;
    delete_objects(DeleteObjectsInput) -> DeleteObjectsOutput = object::delete_many;
    copy_object(CopyObjectInput) -> CopyObjectOutput = copy::copy;
    list_objects(ListObjectsInput) -> ListObjectsOutput = list::list_v1;
    list_objects_v2(ListObjectsV2Input) -> ListObjectsV2Output = list::list_v2;
    list_object_versions(ListObjectVersionsInput) -> ListObjectVersionsOutput = list::list_versions;
}
